package dashboard

import (
	"slices"
	"testing"
)

func TestBrowser(t *testing.T) {
	for name, test := range map[string]struct {
		system string
		env    map[string]string
		want   []string
	}{
		"macOS":                    {system: "darwin", want: []string{"open", "u"}},
		"Windows":                  {system: "windows", want: []string{"rundll32", "url.dll,FileProtocolHandler", "u"}},
		"Linux with X":             {"linux", map[string]string{"DISPLAY": ":0"}, []string{"xdg-open", "u"}},
		"Linux with Wayland":       {"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, []string{"xdg-open", "u"}},
		"Linux without a screen":   {system: "linux", want: []string{""}},
		"FreeBSD without a screen": {system: "freebsd", want: []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			command, args := browser(test.system, func(key string) string { return test.env[key] }, "u")
			if got := append([]string{command}, args...); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
