"""The sagas as data: steps, what is asked of whom, and how it is taken back."""
