"""Values to words: each module renders one kind of value as text, Markdown or JSON, and does nothing else."""
