"""`make bench`: whole processes of this project beside cfn-lint, the CDK and an empty Python, on the machine at hand."""
