"""AWS behaviours that MiniStack lacks and this product rests on, added to it inside its own process.

Each module models one behaviour and names the AWS document that it follows. Nothing here imports the deployer, and the
deployer imports nothing from here: they meet over HTTP. What a module models and no account has confirmed yet stands in
docs/not-verified-on-aws.md.
"""
