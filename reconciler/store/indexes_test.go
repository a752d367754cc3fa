package store

import "testing"

func TestRarestPair(t *testing.T) {
	cases := map[string]struct {
		selector map[string]string
		want     string
	}{
		"one label":                  {map[string]string{"app": "web"}, "app=web"},
		"the one of a pod":           {map[string]string{"app.kubernetes.io/instance": "orders-database", "statefulset.kubernetes.io/pod-name": "db-0"}, "statefulset.kubernetes.io/pod-name=db-0"},
		"the one of an installation": {map[string]string{"app.kubernetes.io/component": "primary", "app.kubernetes.io/instance": "db-1"}, "app.kubernetes.io/instance=db-1"},
		"the longest value":          {map[string]string{"component": "api", "run": "payments", "tier": "backend"}, "run=payments"},
		"values of equal length":     {map[string]string{"tier": "web", "app": "web", "run": "web"}, "app=web"},
		"an empty value":             {map[string]string{"leader": ""}, "leader="},
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
