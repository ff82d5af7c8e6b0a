"""The report of a study: one self-contained HTML page, its figures as SVG and PNG, its tables in three more formats."""
