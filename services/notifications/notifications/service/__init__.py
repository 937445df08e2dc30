"""The verbs of notifications: hear what happened, keep notices, mark them as read."""
