"""The commands that make images out of images."""
