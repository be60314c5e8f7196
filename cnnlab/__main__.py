"""`python -m cnnlab`, for when the script is not on the path."""

from cnnlab.cli.main import main

main()
