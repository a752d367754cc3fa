package config

import (
	"fmt"
	"strings"
	"time"
)

// parseDuration parses a Go duration within bounds. If it cannot, it returns what would be right.
func parseDuration(text string, shortest, longest time.Duration) (d time.Duration, problem string) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Sprintf("must be a duration such as 10s, from %s to %s", short(shortest), short(longest))
	}
	return d, durationWithin(d, shortest, longest)
}

// durationWithin returns what would be right if the duration is out of bounds.
func durationWithin(d, shortest, longest time.Duration) (problem string) {
	if d < shortest || d > longest {
		return fmt.Sprintf("must be from %s to %s", short(shortest), short(longest))
	}
	return ""
}

// wholeSeconds returns what would be right if the duration is not in whole seconds. A preStop sleep and a grace period are, and rounding
// would change what the user asked for.
func wholeSeconds(d time.Duration) (problem string) {
	if d%time.Second != 0 {
		return "must be in whole seconds, as a container's preStop sleep is"
	}
	return ""
}

// short formats the duration as a person writes it: 24h instead of 24h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
