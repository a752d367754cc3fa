package httpserver

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := NewRateLimits[string](2, 3, 2)
		admitted := func(who string) (n int) {
			for rates.Admit(who) {
				n++
			}
			return n
		}
		for _, step := range []struct {
			who  string
			want int
		}{{"a", 3}, {"b", 3}, {"a", 0}, {"c", 3}, {"a", 0}, {"b", 3}} { // c makes b forgotten, which was seen before a
			if got := admitted(step.who); got != step.want {
				t.Errorf("%s: admitted %d times, want %d", step.who, got, step.want)
			}
		}
		<-time.After(time.Second)
		if got := admitted("b"); got != 2 {
			t.Errorf("a second later: admitted %d times, want 2", got)
		}
	})
}
