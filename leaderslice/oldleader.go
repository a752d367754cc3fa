package leaderslice

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// OldLeader is the pod from which a voluntary move has taken the leadership, and which lives on. It is zero if the leadership did not move in
// that way, or if the Service asked for nothing that follows a hand-over.
type OldLeader struct {
	UID  types.UID
	Name string
}

// OldLeaderAnnotation returns the annotation that names the old leader: <term>/<pod's UID>/<pod's name>. As in BasisAnnotation, the term binds it
// to the commit. There is no time in it, because the state says since when the term lasts.
func OldLeaderAnnotation(term int64, old OldLeader) string {
	return strings.Join([]string{strconv.FormatInt(term, 10), string(old.UID), old.Name}, "/")
}

// parseOldLeader returns the old leader; zero if the annotation is missing, cannot be parsed or was written with another term.
func parseOldLeader(annotations map[string]string) OldLeader {
	parts := strings.Split(annotations[config.OldLeaderKey], "/")
	if len(parts) != 3 || parts[0] == "" || parts[0] != annotations[config.TermKey] || parts[1] == "" || parts[2] == "" {
		return OldLeader{}
	}
	return OldLeader{UID: types.UID(parts[1]), Name: parts[2]}
}
