//go:build bench

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/config"
)

const (
	// strangers is how many calls a stranger makes at a time: more than the webhooks hold while they read whether the secret has changed.
	strangers = 128
	// largeBody is more than an AdmissionReview can have.
	largeBody = 6_600_000
	// stalled is how many uploads do not go on.
	stalled = 10
	// callTimeout is longer than a replica waits for a body.
	callTimeout = 5 * time.Second
	// wrongSecret is none that the API server has.
	wrongSecret = "zyxwvutsrqponmlkjihgfedcba9876543210"
)

// strangersPaths are the paths that a stranger can guess.
var strangersPaths = []string{"/", config.PathDepartures, "/" + wrongSecret + config.PathDepartures}

// forgeReviews sends reviews that say that a pod which leads is being deleted.
func forgeReviews(ctx context.Context, a *attacker) {
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "forged", Operation: admissionv1.Delete, Namespace: a.Victim, Name: a.Pod,
			Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
			OldObject: runtime.RawExtension{Object: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: a.Victim, Name: a.Pod}}},
		},
	})
	if err != nil {
		panic(err) // the review is a constant but for two names
	}
	a.post(ctx, whole(body), int64(len(body)), strangers)
}

// postLarge sends bodies of 6.6 MB.
func postLarge(ctx context.Context, a *attacker) {
	body := bytes.Repeat([]byte("x"), largeBody)
	a.post(ctx, whole(body), largeBody, strangers)
}

// whole returns bodies that arrive.
func whole(body []byte) func(context.Context) io.ReadCloser {
	return func(context.Context) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
}

// stallUploads sends the beginning of a body, and then nothing until the replica gives up. Then it begins again.
func stallUploads(ctx context.Context, a *attacker) {
	const announced = 1 << 20
	a.post(ctx, func(ctx context.Context) io.ReadCloser {
		body, in := io.Pipe()
		go func() {
			// It fails when the call ends before the beginning is read.
			_, _ = io.WriteString(in, `{"kind":"AdmissionReview",`)
			<-ctx.Done()
			_ = in.Close() // it never fails
		}()
		return body
	}, announced, stalled)
}

// post calls the webhooks again and again, in turns over connections that each has one call and over one that has many (HTTP/2).
func (a *attacker) post(ctx context.Context, body func(context.Context) io.ReadCloser, size int64, atATime int) {
	many := insecure()
	many.ForceAttemptHTTP2 = true
	clients := []*http.Client{{Transport: insecure()}, {Transport: many}}
	a.repeat(ctx, atATime, func(ctx context.Context, i int) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		path := strangersPaths[i%len(strangersPaths)]
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+a.Webhooks+path, body(ctx))
		if err != nil {
			return err
		}
		request.ContentLength = size
		request.Header.Set("Content-Type", "application/json")
		return answered(clients[i%len(clients)].Do(request))
	})
}

// readMetrics reads the metrics, in turns without credentials and with a token that was never issued.
func readMetrics(ctx context.Context, a *attacker) {
	client := &http.Client{Transport: insecure()}
	a.repeat(ctx, strangers, func(ctx context.Context, i int) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+a.Metrics+"/metrics", nil)
		if err != nil {
			return err
		}
		if i%2 == 1 {
			request.Header.Set("Authorization", fmt.Sprintf("Bearer made-up-%d", i))
		}
		return answered(client.Do(request))
	})
}

// answered returns an error unless the answer is 200.
func answered(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
