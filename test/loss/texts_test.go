package loss

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsFirst(t *testing.T) {
	cases := map[string]struct {
		status string
		want   bool
	}{
		"the first process of a container":        {"Name:\tserver\nNSpid:\t4711\t1\nNSpgid:\t4711\t1\n", true},
		"another process of a container":          {"Name:\tserver\nNSpid:\t4712\t11\n", false},
		"the first process of the machine":        {"Name:\tinit\nNSpid:\t1\n", false},
		"the first process of a nested container": {"NSpid:\t4711\t20\t1\n", true},
		"a kernel without nested namespaces":      {"Name:\tserver\n", false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := isFirst(test.status); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestGroupFile(t *testing.T) {
	cases := map[string]struct {
		content string
		want    string
	}{
		"the controller has a hierarchy":                 {"3:cpuset:/a\n2:cpu,cpuacct:/pods/b\n0::/\n", "/sys/fs/cgroup/cpu,cpuacct/pods/b/v1"},
		"all controllers have one hierarchy":             {"0::/pods/b\n", "/sys/fs/cgroup/pods/b/v2"},
		"another controller's name begins with the same": {"3:cpuset:/a\n0::/\n", ""},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := groupFile(test.content, "cpu", "v1", "v2")
			if got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %t, want %q", got, ok, test.want)
			}
		})
	}
}

func TestFields(t *testing.T) {
	if diff := cmp.Diff([]string{"/bin/kubelet", "--v", "1"}, fields([]byte("/bin/kubelet\x00--v\x001\x00"))); diff != "" {
		t.Errorf("unexpected fields (-want +got):\n%s", diff)
	}
}

func TestValueOf(t *testing.T) {
	const metrics = "# HELP tanist_unwatched_leaders Leaders.\ntanist_unwatched_leaders_sum 7\ntanist_unwatched_leaders 2\n"
	for name, want := range map[string]string{"tanist_unwatched_leaders": "2", "tanist_other": ""} {
		if got := valueOf(metrics, name); got != want {
			t.Errorf("got %q for %s, want %q", got, name, want)
		}
	}
}
