"""The Hub API of the sandbox: accounts, repositories, tags, search as hub.docker.com has them."""
