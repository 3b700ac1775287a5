"""Results in; figures, tables, HTML and Excel out. The only place with matplotlib and Jinja.

May import the result records of any science folder.
"""
