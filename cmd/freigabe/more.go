package main

// more are the commands that have files of their own.
var more = []command{
	{"backup", "FILE", "write all that the database holds to a file, beside a running server", "freigabe backup /var/backups/freigabe-2026-11-23.gz", runBackup},
	{"restore", "FILE", "fill an empty database from a backup, and check it; also moves from SQLite to PostgreSQL", "freigabe restore -db postgres://freigabe@db/freigabe freigabe-2026-11-23.gz", runRestore},
	{"export", "[-site S] [-author RECEIPT|EMAIL] [FILE]", "articles, comments and decisions as JSON lines, or all that is kept of one author", "freigabe export -author leserin@post.example auskunft.jsonl", runExport},
	{"import", "-site S -editor EMAIL FORMAT FILE", "bring comments from freigabe, wordpress, disqus, coral, isso, remark42 or csv; the editor answers for what becomes public", "freigabe import -site morgenblatt -editor anna@morgenblatt.example wordpress export.xml", runImport},
	{"score", "key|list|forget|replay|bench", "the successor of the Perspective API: what a key may do, who teaches, how well it agrees, how fast it is", "freigabe score replay -data decisions.jsonl", runScore},
}

func runScore(args []string, io stdio) error {
	do, args, err := verb(args, "key", "list", "forget", "replay", "bench")
	if err != nil {
		return err
	}
	return map[string]func([]string, stdio) error{"key": runScoreKey, "list": runNeighbours, "forget": runForget, "replay": runReplay, "bench": runBench}[do](args, io)
}
