package store

import "testing"

func TestRarestPair(t *testing.T) {
	cases := map[string]struct {
		selector map[string]string
		want     string
	}{
		"one label":              {map[string]string{"app": "web"}, "app=web"},
		"a chart of many":        {map[string]string{"app": "web-0001", "app.kubernetes.io/instance": "prod"}, "app=web-0001"},
		"the longest value":      {map[string]string{"component": "api", "run": "payments", "tier": "backend"}, "run=payments"},
		"values of equal length": {map[string]string{"tier": "web", "app": "web", "run": "web"}, "app=web"},
		"an empty value":         {map[string]string{"leader": ""}, "leader="},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			for range 10 { // the order of a map's keys must not matter
				if got := rarestPair(test.selector); got != test.want {
					t.Fatalf("got %s, want %s", got, test.want)
				}
			}
		})
	}
}
