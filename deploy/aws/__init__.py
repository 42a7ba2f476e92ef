"""The gateway: the only part that knows boto3; it speaks in the nouns of `deploy/model.py`."""
