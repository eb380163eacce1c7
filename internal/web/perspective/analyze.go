package perspective

import (
	"maps"
	"slices"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
)

const probability = "PROBABILITY"

type analyzeRequest struct {
	common
	Requested map[string]*struct {
		ScoreType      string   `json:"scoreType"`
		ScoreThreshold *float64 `json:"scoreThreshold"`
	} `json:"requestedAttributes"`
	SpanAnnotations bool `json:"spanAnnotations"`
}

type analyzeResponse struct {
	AttributeScores   map[string]attributeScores `json:"attributeScores"`
	Languages         []string                   `json:"languages"`
	DetectedLanguages []string                   `json:"detectedLanguages"`
	ClientToken       string                     `json:"clientToken,omitempty"`

	// Beyond Google's answer.
	ModelVersion string            `json:"modelVersion"`
	NotChecked   map[string]string `json:"notChecked,omitempty"` // for lenient keys: attribute to cause
}

type attributeScores struct {
	SpanScores   []spanScore `json:"spanScores,omitempty"`
	SummaryScore *score      `json:"summaryScore,omitempty"`
}

type spanScore struct {
	Begin int   `json:"begin"` // in UTF-16 code units
	End   int   `json:"end"`   // exclusive
	Score score `json:"score"`
}

type score struct {
	Value float64 `json:"value"`
	Type  string  `json:"type"`
}

// analyze assesses a text. It keeps nothing of it, whatever doNotStore says.
func (s *facade) analyze(c call) (answer, error) {
	var req analyzeRequest
	if err := decode(c.body, &req); err != nil {
		return answer{}, err
	}
	if err := req.check(c.key.Policy.Lenient); err != nil {
		return answer{}, err
	}
	community, err := req.community()
	if err != nil {
		return answer{}, err
	}
	a := s.Models.For(c.Context(), c.key, community).Assess(req.input())
	if err := unusable(a); err != nil {
		return answer{}, err
	}
	out, err := req.answer(a, c.key.Policy.Lenient)
	return answer{out, a.Version}, err
}

// check refuses what is wrong with a request before anything is assessed.
func (req *analyzeRequest) check(lenient bool) error {
	if err := req.common.check(); err != nil {
		return err
	}
	if len(req.Requested) == 0 {
		return bad(noAttributes, "Missing requested_attributes")
	}
	for _, name := range slices.Sorted(maps.Keys(req.Requested)) {
		if _, _, known := attribute(name); !known && !lenient {
			return bad(invalidRequest, "Unknown requested attribute: %s", name)
		}
		wanted := req.Requested[name]
		if wanted == nil {
			continue
		}
		if t := wanted.ScoreType; t != "" && t != probability && t != "SCORE_TYPE_UNSPECIFIED" {
			return bad(invalidRequest, "Requested score type %s is not supported by attribute %s", t, name)
		}
	}
	return nil
}

// unusable tells of an assessment that says nothing of any rule.
func unusable(a moderation.Assessment) error {
	for _, rule := range moderation.Rules {
		if s := a.Rules[rule]; s.Value != nil || s.NotChecked != assess.EmptyText {
			return nil
		}
	}
	return bad(commentEmpty, "Comment must be non-empty.")
}

// answer picks the requested attributes out of an assessment. What could not be
// checked is an error, or left out and named for lenient keys: it is never a
// low score.
func (req *analyzeRequest) answer(a moderation.Assessment, lenient bool) (*analyzeResponse, error) {
	lang := languagesOf(req.Languages, a)
	out := &analyzeResponse{AttributeScores: map[string]attributeScores{}, Languages: lang.used, DetectedLanguages: lang.detected,
		ClientToken: req.ClientToken, ModelVersion: a.Version, NotChecked: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(req.Requested)) {
		rule, version, known := attribute(name)
		if !known || !serves(a.Version, version) {
			if !lenient {
				return nil, bad(invalidRequest, "Unknown requested attribute: %s", name)
			}
			out.NotChecked[name] = "unknown attribute or version"
			continue
		}
		sc := scoreOf(a, rule)
		if err := unchecked(name, sc, lang); err != nil {
			if !lenient {
				return nil, err
			}
			out.NotChecked[name] = err.Error()
			continue
		}
		if wanted := req.Requested[name]; wanted != nil && wanted.ScoreThreshold != nil && *sc.Value < *wanted.ScoreThreshold {
			continue
		}
		scores := attributeScores{SummaryScore: &score{*sc.Value, probability}}
		if req.SpanAnnotations {
			scores.SpanScores = spans(req.Comment.Text, sc)
		}
		out.AttributeScores[name] = scores
	}
	return out, nil
}

// unchecked says why an attribute has no score, nil where it has one.
func unchecked(name string, s moderation.Score, lang languages) error {
	switch {
	case lang.refused != "":
		return wrongLanguage(name, lang.refused, languageDetail{Requested: lang.declared})
	case s.Value != nil:
		return nil
	case s.NotChecked == assess.ForeignText:
		return wrongLanguage(name, lang.detected[0], languageDetail{Detected: lang.detected})
	case s.NotChecked == assess.NoArticle:
		return bad(invalidRequest, "Attribute %s needs the article: send it as context.articleAndParentComment.article", name)
	case s.NotChecked == "":
		return bad(invalidRequest, "Attribute %s is not supported by this model", name)
	}
	return bad(invalidRequest, "Attribute %s was not checked: %s", name, s.NotChecked)
}
