"""An organization as a file says it should be: reading that, comparing it with what is, changing.

`document` reads a file, `current` reads Docker Hub, `planning` compares the two without touching
either, `applying` makes the changes, and `writing` makes a file of what there is.
"""
