package config

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Values of the annotation tanist.dev/after-handover that are no path.
const (
	AfterHandoverNone  = "none"
	AfterHandoverEvict = "evict"
)

// MaxAfterHandover is the longest value of the annotation tanist.dev/after-handover, in bytes.
const MaxAfterHandover = 256

// AfterHandover is what ends the connections that stay on the old leader after a voluntary move. The zero value is nothing.
type AfterHandover struct {
	// Evict evicts the old leader.
	Evict bool
	// Path is called on the old leader; empty for no call.
	Path string
	// Port is where Path is called: a number, or the name of a container's port. It is empty for the target port of the Service's first TCP port.
	Port string
}

// String returns the value of the annotation.
func (a AfterHandover) String() string {
	switch {
	case a.Evict:
		return AfterHandoverEvict
	case a.Path == "":
		return AfterHandoverNone
	case a.Port == "":
		return a.Path
	default:
		return ":" + a.Port + a.Path
	}
}

// afterHandoverPath is what a path may have: the characters that RFC 3986 (section 3.3) allows in a path without an encoding.
var afterHandoverPath = regexp.MustCompile(`^/[A-Za-z0-9/._~!$&'()*+,;=:@-]*$`)

// afterHandover parses what ends connections to the old leader. The strategy and the stickiness must have been parsed before.
func (p *parser) afterHandover(key string, options *Options) {
	value, found := p.annotations[key]
	if !found {
		return
	}
	parsed, problem := parseAfterHandover(value)
	// Whoever is created last leads, and the old leader's replacement is created last.
	if parsed.Evict && options.Strategy == StrategyNewest && !options.Sticky {
		problem = "must not be " + AfterHandoverEvict + " with " + StrategyKey + ": " + string(StrategyNewest) + " and " + StickyKey + ": false: " +
			"the pod that replaces an evicted one would lead, and so the next one would be evicted, without an end"
	}
	if problem != "" {
		p.reject(key, value, problem)
		return
	}
	options.AfterHandover = parsed
}

// parseAfterHandover parses a value of the annotation. problem is empty if it is right.
func parseAfterHandover(value string) (parsed AfterHandover, problem string) {
	switch value {
	case AfterHandoverNone:
		return AfterHandover{}, ""
	case AfterHandoverEvict:
		return AfterHandover{Evict: true}, ""
	}
	if len(value) > MaxAfterHandover {
		return AfterHandover{}, fmt.Sprintf("must have at most %d bytes", MaxAfterHandover)
	}
	port, rest := "", value
	if after, found := strings.CutPrefix(value, ":"); found {
		var slash bool
		if port, rest, slash = strings.Cut(after, "/"); slash {
			rest = "/" + rest
		}
		if problem := portProblem(port); problem != "" {
			return AfterHandover{}, problem
		}
	}
	clean := path.Clean(rest)
	switch {
	case !strings.HasPrefix(rest, "/"):
		return AfterHandover{}, `must be "none", "evict", or the path of an HTTP request, such as /handed-over or :8081/handed-over`
	case !afterHandoverPath.MatchString(rest):
		return AfterHandover{}, "must be a path of letters, digits and any of /._~!$&'()*+,;=:@- without a query, a fragment or an encoding"
	case rest != clean && rest != clean+"/":
		return AfterHandover{}, "must be a path without empty parts, . and .., such as " + clean
	}
	return AfterHandover{Path: rest, Port: port}, ""
}

// portProblem says what is wrong with a port: a number, or a name as containers' ports have them.
func portProblem(port string) string {
	const must = "must have, between : and the path, the number of a port or the name of a container's port: "
	if number, err := strconv.Atoi(port); err == nil {
		if problems := validation.IsValidPortNum(number); len(problems) > 0 {
			return must + strings.Join(problems, "; ")
		}
		return ""
	}
	if problems := validation.IsValidPortName(port); len(problems) > 0 {
		return must + strings.Join(problems, "; ")
	}
	return ""
}
