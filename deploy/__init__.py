"""The deploying half: takes what `generate.py` built to AWS. It knows no troposphere and no template module."""
