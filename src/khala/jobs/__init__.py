"""Durable songs: requests, takes, their progress and their files. No torch, no HTTP."""
