"""Rows from a file into the database: what every file importer shares.

`files` reads CSV or JSON Lines in bounded memory, `engine` validates and writes in chunks, all or nothing,
`command` is the base of the management commands. What a row means is its own app's business.
"""
