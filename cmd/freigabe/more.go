package main

// more are the commands that have files of their own.
var more = []command{
	{"score", "key|list|forget|replay|bench", "the successor of the Perspective API: what a key may do, who teaches, how well it agrees, how fast it is", "freigabe score replay -data decisions.jsonl", runScore},
}

func runScore(args []string, io stdio) error {
	do, args, err := verb(args, "key", "list", "forget", "replay", "bench")
	if err != nil {
		return err
	}
	return map[string]func([]string, stdio) error{"key": runScoreKey, "list": runNeighbours, "forget": runForget, "replay": runReplay, "bench": runBench}[do](args, io)
}
