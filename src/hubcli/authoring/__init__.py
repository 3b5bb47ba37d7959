"""Making images out of images: what is changed is written anew, all else is kept byte for byte."""
