-- How many comments of a proven author are in which state, kept by triggers: the
-- record of somebody with ten thousand comments is a few rows.
{{tallied}}

-- What was there before.
insert into tallied (author_id, state, n)
  select c.author_id, r.state, count(*) from comments c join revisions r on r.comment_id = c.id and r.number = c.revision where c.proven = 1 group by c.author_id, r.state;
