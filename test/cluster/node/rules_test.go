package node

import "testing"

func TestHasRules(t *testing.T) {
	cases := map[string]struct {
		listing string
		want    bool
	}{
		"a table with empty chains": {"table ip nat {\n\tchain PREROUTING {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t}\n}\n", false},
		"an empty table":            {"table ip filter {\n}\n", false},
		"a table with a rule":       {"table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 22 accept\n\t}\n}\n", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := hasRules(c.listing); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
