package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

// policyFlags are the flags for what a key for scoring may do. The function
// returned changes a policy by those that were given.
func policyFlags(fs *flag.FlagSet) func(*perspective.Policy) error {
	var p perspective.Policy
	fs.BoolVar(&p.Learn, "learn", false, "for scoring: suggested scores are kept and teach a model")
	fs.BoolVar(&p.Lenient, "lenient", false, "for scoring: attributes that cannot be answered are left out instead of an error")
	fs.IntVar(&p.PerMinute, "per-minute", 0, fmt.Sprintf("for scoring: requests a minute (default %d)", perspective.DefaultPerMinute))
	fs.IntVar(&p.PerDay, "per-day", 0, "for scoring: requests a day (default: no limit)")
	fs.Float64Var(&p.Hold, "threshold", 0, fmt.Sprintf("for scoring: score from which a text counts as flagged (default %.1f)", perspective.DefaultHold))
	fs.Float64Var(&p.Reject, "reject-from", 0, "for scoring: score from which Coral is told to reject (default: never)")
	fs.StringVar(&p.Community, "community", "", "for scoring: whose model answers where the client names none")
	fs.StringVar(&p.CoralURL, "coral-url", "", "for scoring: where texts that Coral's webhooks name are read")
	return func(old *perspective.Policy) error {
		if p.PerMinute < 0 || p.PerDay < 0 || p.Hold < 0 || p.Hold > 1 || p.Reject < 0 || p.Reject > 1 {
			return usage("limits are not negative, thresholds lie between 0 and 1")
		}
		fs.Visit(func(f *flag.Flag) { change(old, p, f.Name) })
		return nil
	}
}

// settingsOf gives a new key's settings; only keys for scoring have any.
func settingsOf(scope string, apply func(*perspective.Policy) error) (string, error) {
	if scope != "score" {
		return "", nil
	}
	var p perspective.Policy
	err := apply(&p)
	return p.Encode(), err
}

func change(old *perspective.Policy, p perspective.Policy, name string) {
	switch name {
	case "learn":
		old.Learn = p.Learn
	case "lenient":
		old.Lenient = p.Lenient
	case "per-minute":
		old.PerMinute = p.PerMinute
	case "per-day":
		old.PerDay = p.PerDay
	case "threshold":
		old.Hold = p.Hold
	case "reject-from":
		old.Reject = p.Reject
	case "community":
		old.Community = p.Community
	case "coral-url":
		old.CoralURL = p.CoralURL
	}
}

// runScoreKey changes what an existing key may do. Secrets come on standard
// input, so that they stand in no history of commands.
func runScoreKey(args []string, io stdio) error {
	fs := flagSet("score key")
	id := fs.String("id", "", "the key's id, as “freigabe key list” prints it")
	secrets := fs.Bool("coral-secret-stdin", false, "read Coral's signing secrets from standard input, one a line; they replace the earlier ones")
	token := fs.Bool("coral-token-stdin", false, "read the token for -coral-url from standard input")
	apply := policyFlags(fs)
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *id == "" || *secrets && *token {
			return usage("give -id, and at most one of -coral-secret-stdin and -coral-token-stdin")
		}
		p, err := policyOf(ctx, s, *id)
		if err != nil {
			return err
		}
		if err := apply(&p); err != nil {
			return err
		}
		if *secrets || *token {
			lines, err := readLines(io)
			if err != nil {
				return err
			}
			if *secrets {
				p.Secrets = lines
			} else {
				p.Token = lines[0]
			}
		}
		if err := s.SetKeySettings(ctx, *id, p.Encode()); err != nil {
			return err
		}
		p.Secrets, p.Token = make([]string, len(p.Secrets)), ""
		_, err = fmt.Fprintln(io.out, p.Encode())
		return err
	})
}

func policyOf(ctx context.Context, s *store.Store, id string) (perspective.Policy, error) {
	keys, err := s.Keys(ctx)
	if err != nil {
		return perspective.Policy{}, err
	}
	for _, k := range keys {
		if k.ID == id && k.Scope == "score" && !k.Revoked {
			return perspective.ParsePolicy(k.Settings)
		}
	}
	return perspective.Policy{}, moderation.Missing("key")
}

func readLines(in stdio) ([]string, error) {
	var lines []string
	scan := bufio.NewScanner(in.in)
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	if len(lines) == 0 {
		return nil, errors.New("standard input holds nothing")
	}
	return lines, nil
}

// runForget removes a community with everything that it taught.
func runForget(args []string, io stdio) error {
	fs := flagSet("score forget")
	id := fs.String("community", "", "the community's id, as “freigabe score list” prints it")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *id == "" {
			return usage("give -community")
		}
		return s.ForgetCommunity(ctx, *id)
	})
}

// runNeighbours lists the communities that teach.
func runNeighbours(args []string, io stdio) error {
	return onStore(flagSet("score list"), args, func(ctx context.Context, s *store.Store) error {
		list, err := s.Communities(ctx, "")
		for _, c := range list {
			decisions, refused, err := s.CommunityCounts(ctx, c.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(io.out, "%s\t%s\t%d\t%d\n", c.ID, c.Name, decisions, refused)
		}
		return err
	})
}
