"""Holds files as people exchange them: writers of exports, readers of imports.

Knows neither tables nor jobs: rows come in and bytes go out, or the other way round.
"""
