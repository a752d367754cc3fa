package disruptions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// cost is what clients saw of a disruption.
type cost struct {
	Requests     int64            `json:"requests"`
	Failed       int64            `json:"failed"`
	LongestGapMs float64          `json:"longestGapMs"`
	Fresh        traffic.Count    `json:"newConnections"`
	Kept         traffic.Count    `json:"keepAlive"`
	Errors       map[string]int64 `json:"errors,omitempty"`
}

func (c *cost) add(windows []traffic.Window) {
	for _, window := range windows {
		c.Fresh, c.Kept = c.Fresh.Plus(window.Fresh), c.Kept.Plus(window.Kept)
		for kind, count := range window.Errors {
			if c.Errors == nil {
				c.Errors = map[string]int64{}
			}
			c.Errors[kind] += count
		}
	}
	c.Failed = c.Fresh.Failed + c.Kept.Failed
	c.Requests = c.Fresh.OK + c.Kept.OK + c.Failed
	c.LongestGapMs = max(c.Fresh.LongestGapMs, c.Kept.LongestGapMs)
}

func (c *cost) errorKinds() string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(c.Errors)) {
		all = append(all, fmt.Sprintf("%d %s", c.Errors[kind], kind))
	}
	return strings.Join(all, ", ")
}
