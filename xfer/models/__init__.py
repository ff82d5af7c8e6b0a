"""Networks: an encoder and one head a task, built, carried between stages, saved in Hugging Face layout.

Component classes here are light; torch and transformers are imported by the modules that do the work.
"""
