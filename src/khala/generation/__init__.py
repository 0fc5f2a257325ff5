"""From a request to a song: the stages backbone, superres, decode and finish, and the pipeline that runs them."""
