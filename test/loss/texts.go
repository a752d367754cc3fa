package loss

import (
	"path/filepath"
	"slices"
	"strings"
)

// isFirst reads /proc/PID/status: the process has the number 1 in its own namespace.
func isFirst(status string) bool {
	for line := range strings.Lines(status) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(numbers)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// fields are the strings of a file in /proc that ends each with a zero byte.
func fields(content []byte) []string {
	return slices.DeleteFunc(strings.Split(string(content), "\x00"), func(s string) bool { return s == "" })
}

// groupFile reads /proc/PID/cgroup.
func groupFile(content, controller, v1, v2 string) (file string, ok bool) {
	unified := ""
	for line := range strings.Lines(content) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 {
			continue
		}
		if slices.Contains(strings.Split(part[1], ","), controller) {
			return filepath.Join("/sys/fs/cgroup", part[1], part[2], v1), true
		}
		if part[0] == "0" && part[2] != "/" {
			unified = filepath.Join("/sys/fs/cgroup", part[2], v2)
		}
	}
	return unified, unified != ""
}

// valueOf is the value of a metric without labels, empty if there is none.
func valueOf(metrics, name string) string {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
