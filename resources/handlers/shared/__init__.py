"""What every function brings along in its zip, beside its own handler: standard library and boto3 only."""
