"""Programs that run as processes of their own: a notebook task, a pipeline update, a model server."""
