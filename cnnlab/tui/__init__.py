"""The screens: one app in which everything about a run happens."""
