package assess

import (
	"sync"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/assess/link"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// analysis is all that is read from one text, shared by the rules. It is taken
// from a pool, because its buffers are most of the memory an assessment needs.
type analysis struct {
	text     german.Text
	links    []link.Link
	spans    []german.Span
	finder   lexicon.Finder
	reader   vocab.Reader
	vector   learn.Vector
	weighted learn.Weighted
	logits   [8]float32
	shares   []float32
	dense    [denseFeatures]float32
	masked   []bool
	aims     []aim // by finding: whom it is aimed at
	siteVec  []float32
	language string
	sure     bool
	src      string
}

var analyses = sync.Pool{New: func() any {
	return &analysis{finder: lexicon.Finder{Lexicon: lexicon.Default}}
}}

// read prepares a text and looks up its words, links and abuse.
func (a *analysis) read(text string, site string) {
	a.src = text
	a.text.Scan(text)
	a.links = link.Find(a.text.Plain(), a.links[:0])
	a.spans = a.spans[:0]
	for _, l := range a.links {
		a.spans = append(a.spans, german.Span{From: l.From, To: l.To})
	}
	a.text.Tokenize(a.spans)
	a.reader.Read(&a.text)
	a.language, a.sure = language(&a.text, a.reader.Words, site)
	a.finder.Find(&a.text)
	a.aimHits()
}

// passage marks the tokens first to last.
func (a *analysis) passage(first, last int, code, arg string) moderation.Passage {
	t := &a.text
	return a.stretch(int(t.Tokens[first].Start), int(t.Tokens[last].End), code, arg)
}

// stretch marks bytes of the original.
func (a *analysis) stretch(start, end int, code, arg string) moderation.Passage {
	return moderation.Passage{Start: start, End: end, Text: a.src[start:end], Why: Why("de", code, arg), Code: code, Arg: arg}
}

// merge joins passages that overlap, for marking. They must be sorted by Start.
func merge(p []moderation.Passage, src string) []moderation.Passage {
	out := p[:0]
	for _, q := range p {
		if n := len(out); n > 0 && q.Start < out[n-1].End {
			if q.End > out[n-1].End {
				out[n-1].End = q.End
				out[n-1].Text = src[out[n-1].Start:q.End]
			}
			continue
		}
		out = append(out, q)
	}
	return out
}
