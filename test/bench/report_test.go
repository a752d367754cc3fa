//go:build bench

package bench

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is what was measured, in the form of docs/performance.md.
type report struct {
	services, pods, nodes int

	// cold are the times to ready when no Service had a leader yet. allLed is the time from the same start until every Service had one, and
	// written is how many writes that took.
	cold    []time.Duration
	allLed  time.Duration
	written float64

	// idle is how long nothing happened, and renewals is how often the Lease changed meanwhile. The elected replica is the first.
	idle     time.Duration
	renewals float64
	replicas []sample

	// handOvers are times from a leader's deletion to the next leader, floor are the bare loop's beside them.
	handOvers, floor []time.Duration

	// restarts are the times to ready after SIGKILL.
	restarts []time.Duration
}

func (r report) write(out io.Writer) {
	fmt.Fprintf(out, "\n%d leader Services over %d pods on %d simulated nodes; %s/%s, %d CPUs, %s\n\n",
		r.services, r.pods, r.nodes, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())

	minutes := r.idle.Minutes()
	line := func(what string, value func(sample) string) {
		fmt.Fprintf(out, "| %s |", what)
		for _, replica := range r.replicas {
			fmt.Fprintf(out, " %s |", value(replica))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "| %.0f s in which nothing happens | elected replica | other replica |\n| --- | --- | --- |\n", r.idle.Seconds())
	line("memory (RSS)", func(s sample) string { return fmt.Sprintf("%.0f MB", s.memory/1e6) })
	line("the most it ever was", func(s sample) string { return fmt.Sprintf("%.0f MB", s.peak*1024/1e6) })
	line("of it, live Go objects", func(s sample) string { return fmt.Sprintf("%.0f MB", s.live/1e6) })
	line("CPU, of one core", func(s sample) string { return fmt.Sprintf("%.2f %%", 100*s.cpu/r.idle.Seconds()) })
	line("reads per minute", func(s sample) string { return perMinute(s.requests[http.MethodGet], minutes) })
	line("writes of the Lease per minute", func(s sample) string { return perMinute(s.leaseWrites(), minutes) })
	line("other writes per minute", func(s sample) string { return perMinute(s.otherWrites(), minutes) })

	fmt.Fprintf(out, "\n| Starting | |\n| --- | --- |\n")
	fmt.Fprintf(out, "| ready, both at once, no Service has a leader yet | %s |\n", joined(r.cold))
	fmt.Fprintf(out, "| from the start until all %d have one | %.1f s |\n", r.services, r.allLed.Seconds())
	fmt.Fprintf(out, "| writes for that | %.0f, %.1f per Service |\n", r.written, r.written/float64(r.services))
	if len(r.handOvers) > 0 {
		spread := func(took []time.Duration) string {
			return fmt.Sprintf("%.1f / %.1f / %.1f ms", inMilliseconds(rank(took, 50)), inMilliseconds(rank(took, 99)), inMilliseconds(rank(took, 100)))
		}
		fmt.Fprintf(out, "| %d hand-overs: p50 / p99 / longest | %s, floor %s |\n", len(r.handOvers), spread(r.handOvers), spread(r.floor))
	}
	if len(r.restarts) == 0 {
		return
	}
	slices.Sort(r.restarts)
	fmt.Fprintf(out, "| ready again after SIGKILL, %d times | median %d ms, longest %d ms |\n\n",
		len(r.restarts), r.restarts[len(r.restarts)/2].Milliseconds(), r.restarts[len(r.restarts)-1].Milliseconds())
}

// perMinute formats a rate with no more digits than it needs.
func perMinute(n, minutes float64) string {
	return strconv.FormatFloat(float64(int(10*n/minutes+0.5))/10, 'f', -1, 64)
}

func joined(times []time.Duration) string {
	var parts []string
	for _, t := range times {
		parts = append(parts, fmt.Sprintf("%d ms", t.Milliseconds()))
	}
	return strings.Join(parts, ", ")
}
