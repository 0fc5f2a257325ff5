"""What exists only for models that are conditioned on more than their prompt, as Khala Mini is.

An outline of the song's bars, form and lines is planned from the request, and what is sung is followed phone by phone.
The door to this room is `conditioner`; models, weights and the stages of `generation` know condition ids and no more.
"""
