package perspective

import (
	"maps"
	"slices"

	"github.com/freigabe/freigabe/internal/moderation"
)

type suggestRequest struct {
	common
	Scores map[string]*struct {
		SummaryScore *score `json:"summaryScore"`
		SpanScores   []struct {
			Begin *int   `json:"begin"`
			End   *int   `json:"end"`
			Score *score `json:"score"`
		} `json:"spanScores"`
	} `json:"attributeScores"`
}

type suggestResponse struct {
	ClientToken        string   `json:"clientToken,omitempty"`
	DetectedLanguages  []string `json:"detectedLanguages,omitempty"`
	RequestedLanguages []string `json:"requestedLanguages,omitempty"`
	ModelVersion       string   `json:"modelVersion"`
}

// suggest takes in a score that somebody else gave. Only where the key's policy
// allows learning, and the caller did not ask for nothing to be stored, does it
// go any further than this function.
func (s *facade) suggest(c call) (answer, error) {
	var req suggestRequest
	if err := decode(c.body, &req); err != nil {
		return answer{}, err
	}
	labels, err := req.labels(c.key.Policy.Lenient)
	if err != nil {
		return answer{}, err
	}
	community, err := req.community()
	if err != nil {
		return answer{}, err
	}
	in := req.input()
	a := s.Models.For(c.Context(), c.key, community).Assess(in)
	if err := unusable(a); err != nil {
		return answer{}, err
	}
	lang := languagesOf(req.Languages, a)
	if c.key.Policy.Learn && !req.DoNotStore && s.Learning != nil && len(labels) > 0 {
		l := Lesson{Community: community, Ref: req.ClientToken, Input: in, Labels: labels, Refused: refused(labels)}
		if err := s.Learning.Teach(c.Context(), c.key, l); err != nil {
			return answer{}, err
		}
	}
	out := &suggestResponse{req.ClientToken, lang.detected, req.Languages, a.Version}
	return answer{out, a.Version}, nil
}

// labels reads the suggested scores by rule. Where several names stand for one
// rule, the highest counts; a rule with scores of passages alone counts as broken
// as its worst passage.
func (req *suggestRequest) labels(lenient bool) (map[moderation.Rule]float64, error) {
	if err := req.common.check(); err != nil {
		return nil, err
	}
	if len(req.Scores) == 0 {
		return nil, bad(invalidRequest, "Missing attribute_scores")
	}
	labels, length := map[moderation.Rule]float64{}, units(req.Comment.Text)
	for _, name := range slices.Sorted(maps.Keys(req.Scores)) {
		rule, _, known := attribute(name)
		if !known && !lenient {
			return nil, bad(invalidRequest, "Unknown attribute: %s", name)
		}
		value, err := req.value(name, length)
		if err != nil {
			return nil, err
		}
		if known {
			labels[rule] = max(labels[rule], value)
		}
	}
	return labels, nil
}

// value is the score suggested for one attribute.
func (req *suggestRequest) value(name string, length int) (float64, error) {
	given := req.Scores[name]
	if given == nil || given.SummaryScore == nil && len(given.SpanScores) == 0 {
		return 0, bad(invalidRequest, "Attribute scores of %s must not be empty", name)
	}
	worst := 0.0
	for _, span := range given.SpanScores {
		if span.Begin == nil || span.End == nil || span.Score == nil {
			return 0, bad(invalidRequest, "Span scores of %s must have begin, end and score", name)
		}
		if *span.Begin < 0 || *span.Begin > *span.End || *span.End > length {
			return 0, bad(invalidRequest, "Span scores of %s lie outside the comment", name)
		}
		if err := span.Score.check(name); err != nil {
			return 0, err
		}
		worst = max(worst, span.Score.Value)
	}
	if given.SummaryScore == nil {
		return worst, nil
	}
	return given.SummaryScore.Value, given.SummaryScore.check(name)
}

func (sc *score) check(name string) error {
	if sc.Type != "" && sc.Type != probability && sc.Type != "SCORE_TYPE_UNSPECIFIED" {
		return bad(invalidRequest, "Suggested score type %s is not supported by attribute %s", sc.Type, name)
	}
	if !(sc.Value >= 0 && sc.Value <= 1) {
		return bad(invalidRequest, "Suggested scores of %s must lie between 0 and 1", name)
	}
	return nil
}

// refused reads a suggestion as the verdict of a desk: refused where any rule was
// said to be broken. Coral sends one for each comment approved or rejected, under
// whichever attribute it is set to.
func refused(labels map[moderation.Rule]float64) bool {
	for _, v := range labels {
		if v >= 0.5 {
			return true
		}
	}
	return false
}
