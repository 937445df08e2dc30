"""Enrols and removes second factors, and proves who one is by them."""
