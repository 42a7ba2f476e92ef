"""Builders by family: plain values in, troposphere objects out, safe by default."""
