package assess

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"sync"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

//go:embed base.model
var embedded []byte

// Refuse is the name of the head "would be refused" in a model, beside the rules.
const Refuse = "refuse"

// Model is a trained base: immutable once loaded and safe for concurrent use.
type Model struct {
	base      *learn.Base
	version   string
	heads     [6]int // by slot, -1 where the base has none
	relations relations
}

var loadDefault = sync.OnceValue(func() *Model {
	m, err := Load(bytes.NewReader(embedded))
	if err != nil {
		panic("assess: the embedded model: " + err.Error())
	}
	return m
})

// Default is the base that ships with the program.
func Default() *Model { return loadDefault() }

// Load reads a model as `model train` writes it. A damaged file is refused with
// learn.ErrDamaged.
func Load(r io.Reader) (*Model, error) {
	b, digest, err := learn.DecodeBase(r)
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	return newModel(b, digest)
}

func newModel(b *learn.Base, digest string) (*Model, error) {
	if len(b.Mean) != denseFeatures {
		return nil, fmt.Errorf("load model: it has %d features beside the words, this program %d: train it anew", len(b.Mean), denseFeatures)
	}
	m := &Model{base: b, version: "base-" + digest[:12] + "/" + rulesVersion}
	for i, name := range slotNames {
		m.heads[i] = b.Head(name)
	}
	return m, nil
}

// Version names the base by its digest and the rules by their number.
func (m *Model) Version() string { return m.version }

// slotNames are the heads of a model by slot.
var slotNames = [...]string{
	slotInsinuation: string(moderation.Insinuation), slotProfanity: string(moderation.Profanity),
	slotAggression: string(moderation.Aggression), slotAdvertising: string(moderation.Advertising),
	slotDigression: string(moderation.Digression), slotRefuse: Refuse,
}

// Untaught is the model without what its base has learned of any rule: words
// weigh nothing, only how rare they are is kept. It measures what a site's
// decisions are worth alone.
func (m *Model) Untaught() (*Model, error) {
	b := *m.base
	b.Heads = nil
	return newModel(&b, "000000000000")
}

// Embedded is the file of the base that ships.
func Embedded() []byte { return embedded }
