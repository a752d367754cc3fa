package env

import "testing"

func TestContains(t *testing.T) {
	environ := []byte("PATH=/bin\x00HOSTNAME=web-1\x00NODE=\x00")
	cases := map[string]struct {
		variables []string
		want      bool
	}{
		"all of them are there":               {[]string{"HOSTNAME=web-1", "PATH=/bin"}, true},
		"one is missing":                      {[]string{"HOSTNAME=web-1", "HOME=/"}, false},
		"the value only begins like that":     {[]string{"HOSTNAME=web"}, false},
		"the name only ends like that":        {[]string{"NAME=web-1"}, false},
		"a variable without a value is there": {[]string{"NODE="}, true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := contains(environ, test.variables); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
