-- How many waiting comments that may enter a bundle have which frozen score, kept
-- by triggers in the transaction of each change: the chart over a million of them
-- adds up a hundred numbers. Triggers, so that a node of the version before keeps
-- them too.
{{charted}}

-- What waited before.
insert into charted (site_id, model, score, n)
  select site_id, calm_model, calm, count(*) from revisions where state = 'pending' and blind = 0 and calm >= 0 group by site_id, calm_model, calm;
