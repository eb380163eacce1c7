-- "All my comments" by a mailed link.
create index comments_mine on comments (site_id, lower(author_email));
