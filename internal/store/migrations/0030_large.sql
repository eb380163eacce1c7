-- The words that the index of the search knows: SQLite's search asks for whole
-- words, which it finds from the newest text on and stops when it has enough.
{{words}}
