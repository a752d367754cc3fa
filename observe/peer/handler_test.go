package peer

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHandler(t *testing.T) {
	source := nodes{
		"heard":  {age: 0, armed: true},
		"silent": {age: 420*time.Millisecond + 900*time.Microsecond, armed: true},
		"new":    {age: 20 * time.Millisecond},
		"past":   {age: -time.Second, armed: true},
		"ages":   {age: math.MaxInt64, armed: true},
	}
	longest := strings.Repeat("n", 253)
	cases := map[string]struct {
		method, target, body string // the method is GET, and the target /v1/heard, with these parameters
		wantStatus           int
		want                 string // the body of an answer
	}{
		"no node":                            {want: `{}`},
		"a node that was heard":              {target: "?node=heard", want: `{"nodes":{"heard":{"armed":true,"ageMilliseconds":0}}}`},
		"a silent node":                      {target: "?node=silent", want: `{"nodes":{"silent":{"armed":true,"ageMilliseconds":420}}}`},
		"a node that is not armed":           {target: "?node=new", want: `{"nodes":{"new":{"armed":false,"ageMilliseconds":20}}}`},
		"a node that is not watched":         {target: "?node=other", want: `{}`},
		"several nodes, one watched":         {target: "?node=other&node=new", want: `{"nodes":{"new":{"armed":false,"ageMilliseconds":20}}}`},
		"an age below zero is zero":          {target: "?node=past", want: `{"nodes":{"past":{"armed":true,"ageMilliseconds":0}}}`},
		"an age that no number holds":        {target: "?node=ages", want: `{"nodes":{"ages":{"armed":true,"ageMilliseconds":4294967295}}}`},
		"as many nodes as allowed":           {target: "?" + strings.Repeat("node=x&", 64), want: `{}`},
		"too many nodes":                     {target: "?" + strings.Repeat("node=x&", 65), wantStatus: http.StatusBadRequest},
		"the longest name":                   {target: "?node=" + longest, want: `{}`},
		"a name that is too long":            {target: "?node=" + longest + "n", wantStatus: http.StatusBadRequest},
		"an empty name":                      {target: "?node=", wantStatus: http.StatusBadRequest},
		"a body":                             {target: "?node=heard", body: "x", wantStatus: http.StatusBadRequest},
		"another path":                       {target: "/x", wantStatus: http.StatusNotFound},
		"another method":                     {method: http.MethodPost, wantStatus: http.StatusMethodNotAllowed},
		"a parameter of a later version too": {target: "?node=new&x=y", want: `{"nodes":{"new":{"armed":false,"ageMilliseconds":20}}}`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			Handler(source).ServeHTTP(recorder,
				httptest.NewRequestWithContext(t.Context(), test.method, "/v1/heard"+test.target, strings.NewReader(test.body)))
			if want := max(test.wantStatus, http.StatusOK); recorder.Code != want {
				t.Fatalf("the peer answers %d (%s), want %d", recorder.Code, recorder.Body, want)
			}
			if test.wantStatus != 0 {
				return
			}
			if diff := cmp.Diff(test.want, strings.TrimSpace(recorder.Body.String())); diff != "" {
				t.Errorf("unexpected answer (-want +got):\n%s", diff)
			}
		})
	}
}
