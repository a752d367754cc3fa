package leader

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// DefaultURL is where Tanist answers if it is installed in the namespace tanist-system. The environment variable TANIST_GRANTS_URL overrules
// it.
const DefaultURL = "http://tanist-grants.tanist-system"

const (
	// usualDuration is how long grants are expected to last before the first one has come.
	usualDuration = 2 * time.Second
	// waitTime is how long a request waits for a change.
	waitTime = 30 * time.Second
	// maxAnswerBytes is enough for a pod with some hundred Services.
	maxAnswerBytes = 1 << 20
)

// answer is what Tanist says. Unknown fields are ignored.
type answer struct {
	Pod      string    `json:"pod"`
	Version  string    `json:"version"`
	Services []service `json:"services"`
}

type service struct {
	Service                string `json:"service"`
	Leads                  bool   `json:"leads"`
	Leader                 string `json:"leader"`
	Term                   int64  `json:"term"`
	ValidForMilliseconds   int64  `json:"validForMilliseconds"`
	Refused                string `json:"refused"`
	RetryAfterMilliseconds int64  `json:"retryAfterMilliseconds"`
}

// client asks Tanist.
type client struct {
	base, service, tokenFile string
	// pod is the name that answers must have; empty if the token tells who this pod is.
	pod  string
	http *http.Client
}

func newClient(o Options) (*client, error) {
	c := &client{
		base:      strings.TrimSuffix(cmp.Or(o.URL, os.Getenv("TANIST_GRANTS_URL"), DefaultURL), "/"),
		service:   cmp.Or(o.Service, os.Getenv("TANIST_SERVICE")),
		tokenFile: cmp.Or(o.TokenFile, os.Getenv("TANIST_TOKEN_FILE")),
		pod:       o.Pod,
	}
	if c.tokenFile != "" && !strings.HasPrefix(c.base, "https://") {
		return nil, fmt.Errorf("Options.URL or TANIST_GRANTS_URL=%s: must begin with https:// when there is a token, which others could read otherwise", c.base)
	}
	if c.pod == "" && c.tokenFile == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("failed to get the name of the pod: %w", err)
		}
		c.pod = name
	}
	dialer := net.Dialer{Timeout: usualDuration / 4, LocalAddr: o.localAddress()}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DialTLSContext: dialTLS(dialer, cmp.Or(o.CAFile, os.Getenv("TANIST_CA_FILE"))),
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// grant asks whether this pod leads, and for a grant if it does.
func (c *client) grant(ctx context.Context, session string) (service, error) {
	_, got, err := c.me(ctx, url.Values{"session": {session}})
	return got, err
}

// wait waits for a change of who leads: until there is another version than the caller's, or the time is over. It returns the version of the
// answer, which has no grant.
func (c *client) wait(ctx context.Context, version string, most time.Duration) (string, service, error) {
	return c.me(ctx, url.Values{"wait": {most.String()}, "version": {version}})
}

// me asks about this pod, and returns the version of the answer and what it says of the one Service.
func (c *client) me(ctx context.Context, values url.Values) (string, service, error) {
	if c.service != "" {
		values.Set("service", c.service)
	}
	var a answer
	if err := c.do(ctx, http.MethodGet, "/v1/me", values, &a); err != nil {
		return "", service{}, err
	}
	// The address that Tanist knows this pod by may have been another pod's a moment ago.
	if c.pod != "" && a.Pod != c.pod {
		return "", service{}, fmt.Errorf("failed to ask Tanist: it takes this pod, %s, for %s", c.pod, a.Pod)
	}
	switch len(a.Services) {
	case 0:
		return "", service{}, errors.New("failed to ask Tanist: no Service with a leader selects this pod")
	case 1:
		return a.Version, a.Services[0], nil
	}
	return "", service{}, fmt.Errorf("failed to ask Tanist: %d Services with a leader select this pod: Options.Service, or TANIST_SERVICE, must name one", len(a.Services))
}

// stepDown tells Tanist that this process holds no grant for the term any more.
func (c *client) stepDown(ctx context.Context, of string, term int64, session string) (released bool, err error) {
	var told struct {
		Released bool `json:"released"`
	}
	values := url.Values{"service": {of}, "session": {session}, "term": {strconv.FormatInt(term, 10)}}
	err = c.do(ctx, http.MethodPost, "/v1/me/stepdown", values, &told)
	return told.Released, err
}

func (c *client) do(ctx context.Context, method, path string, values url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path+"?"+values.Encode(), nil)
	if err != nil {
		return fmt.Errorf("failed to ask Tanist: %w", err)
	}
	if err := c.authenticate(request); err != nil {
		return fmt.Errorf("failed to ask Tanist: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("failed to ask Tanist: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("failed to read Tanist's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("failed to ask Tanist: it answered %s: %.200s", response.Status, strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("failed to decode Tanist's answer: %w", err)
	}
	return nil
}

// another makes the next request use a new connection, which may lead to another replica.
func (c *client) another() { c.http.CloseIdleConnections() }
