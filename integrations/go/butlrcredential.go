// Package butlrcredential gets access tokens for programs that hold no secret.
//
// The tokens come from the butlr-credential command, which keeps them fresh and shares them with git, kubectl and
// whatever else on this machine asks for one. The package is a single file that needs only the standard library:
// copy it into your module.
//
//	source, err := butlrcredential.NewSource("https://api.butlr.io/")
//	client := &http.Client{Transport: &butlrcredential.Transport{Source: source}}
package butlrcredential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// Error says why there is no token.
type Error struct {
	// Code is the reason in one word, as the helper's manual lists them (such as no-profile, config,
	// credentials-rejected or temporary-failure), or "helper" when the helper itself could not be run.
	Code string
	// Message and Hint are for people; Hint may be empty.
	Message, Hint string
	// Retryable says whether the same call may work later, RetryAfter after what time, if that is known.
	Retryable  bool
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	text := e.Message + " (" + e.Code + ")"
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Token is a token and what is known of it. Printing it does not show the token.
type Token struct {
	// Value is the token itself.
	Value string
	// Expires is when it ends.
	Expires time.Time
	// Scope is what it is good for, as far as the provider said.
	Scope string
	// Profile is the profile that it comes from.
	Profile string
}

// String leaves the token out.
func (t Token) String() string { return "token of profile " + t.Profile + " (redacted)" }

// GoString leaves the token out.
func (t Token) GoString() string { return t.String() }

// margin is how long before its end a token is renewed, if no less than half of what was left of it when it came.
const margin = 30 * time.Second

// Source gives fresh tokens. It is safe to share among goroutines, which then share one token.
type Source struct {
	// Profile is the name of the profile, where the URL alone does not decide.
	Profile string
	// MinTTL is for how long, at least, a token must still be good.
	MinTTL time.Duration
	// Helper is the helper's name or path; "butlr-credential" when it is empty.
	Helper string

	place *url.URL
	// turn holds a value while somebody uses the fields below.
	turn    chan struct{}
	token   Token
	renewal time.Time
}

// NewSource makes a source for one place: the helper gives a token only if a profile lists this URL, and Transport
// sends it nowhere else than there and below. The fields of the source may be set before it is first used.
func NewSource(place string) (*Source, error) {
	parsed, err := url.Parse(place)
	if err != nil {
		return nil, err
	}
	if parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return nil, fmt.Errorf("%q is no http or https URL", place)
	}
	return &Source{place: parsed, turn: make(chan struct{}, 1)}, nil
}

// Token gives a fresh token. The error is an *Error, or the context's.
func (s *Source) Token(ctx context.Context) (Token, error) { return s.Renew(ctx, "") }

// Renew gives another token than one that a server answered with 401: where that is still the current one, it is
// replaced.
func (s *Source) Renew(ctx context.Context, rejected string) (Token, error) {
	// Those who wait here find what the first of them got.
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
	if s.token.Value != "" && s.token.Value != rejected && time.Now().Before(s.renewal) {
		return s.token, nil
	}
	token, err := s.ask(ctx, rejected)
	if err != nil {
		return Token{}, err
	}
	left := time.Until(token.Expires)
	reserve := margin
	if left/2 < reserve {
		reserve = left / 2
	}
	if s.MinTTL > reserve {
		reserve = s.MinTTL
	}
	s.token, s.renewal = token, token.Expires.Add(-reserve)
	return token, nil
}

// Covers says whether a request for this URL may carry the token: it is the source's own or below it.
func (s *Source) Covers(u *url.URL) bool {
	if u.Scheme != s.place.Scheme || hostname(u) != hostname(s.place) || port(u) != port(s.place) {
		return false
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	base := strings.TrimRight(s.place.EscapedPath(), "/")
	return strings.HasPrefix(u.EscapedPath()+"/", base+"/")
}

func hostname(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") }

func port(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// ask runs the helper.
func (s *Source) ask(ctx context.Context, rejected string) (Token, error) {
	request, err := json.Marshal(struct {
		URI      string `json:"uri"`
		Profile  string `json:"profile,omitempty"`
		MinTTL   int64  `json:"min_ttl,omitempty"`
		Rejected string `json:"rejected_token,omitempty"`
	}{s.place.String(), s.Profile, int64((s.MinTTL + time.Second - 1) / time.Second), rejected})
	if err != nil {
		return Token{}, err
	}
	helper := s.Helper
	if helper == "" {
		helper = "butlr-credential"
	}
	var output, errorOutput bytes.Buffer
	command := exec.CommandContext(ctx, helper, "get")
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(request), &output, &errorOutput
	failure := command.Run()
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	var exit *exec.ExitError
	if failure != nil && !errors.As(failure, &exit) {
		return Token{}, &Error{Code: "helper", Message: failure.Error()}
	}
	var answer struct {
		Headers map[string][]string `json:"headers"`
		Expires time.Time           `json:"expires"`
		Scope   string              `json:"scope"`
		Profile string              `json:"profile"`
		Error   *struct {
			Code       string   `json:"code"`
			Message    string   `json:"message"`
			Hint       string   `json:"hint"`
			Retryable  bool     `json:"retryable"`
			RetryAfter *float64 `json:"retry_after"`
		} `json:"error"`
	}
	if err := json.Unmarshal(output.Bytes(), &answer); err != nil || failure != nil && answer.Error == nil {
		message := strings.TrimSpace(errorOutput.String())
		if message == "" {
			message = helper + " gave an answer that is not understood"
		}
		return Token{}, &Error{Code: "helper", Message: message}
	}
	if e := answer.Error; e != nil {
		failure := &Error{Code: e.Code, Message: e.Message, Hint: e.Hint, Retryable: e.Retryable}
		if e.RetryAfter != nil {
			failure.RetryAfter = time.Duration(*e.RetryAfter * float64(time.Second))
		}
		return Token{}, failure
	}
	header := answer.Headers["Authorization"]
	if len(header) == 0 || !strings.HasPrefix(header[0], "Bearer ") {
		return Token{}, &Error{Code: "helper", Message: helper + " gave an answer without a token"}
	}
	value := strings.TrimPrefix(header[0], "Bearer ")
	return Token{Value: value, Expires: answer.Expires, Scope: answer.Scope, Profile: answer.Profile}, nil
}

// Transport gives requests for the source's place a token; any other request, also after a redirect, goes without,
// and so does one that has an Authorization header already.
//
// A request that is answered with 401 is sent once more with a new token, unless its body cannot be had twice
// (http.NewRequest sees to that for bytes and strings; see http.Request.GetBody).
type Transport struct {
	Source *Source
	// Base sends the requests; http.DefaultTransport when it is nil.
	Base http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	if !t.Source.Covers(request.URL) || request.Header.Get("Authorization") != "" {
		return base.RoundTrip(request)
	}
	token, err := t.Source.Token(request.Context())
	if err != nil {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, err
	}
	response, err := base.RoundTrip(carrying(token, request))
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	hasBody := request.Body != nil && request.Body != http.NoBody
	if hasBody && request.GetBody == nil {
		return response, nil
	}
	renewed, err := t.Source.Renew(request.Context(), token.Value)
	if err != nil {
		response.Body.Close()
		return nil, err
	}
	if renewed.Value == token.Value {
		return response, nil
	}
	again := carrying(renewed, request)
	if hasBody {
		if again.Body, err = request.GetBody(); err != nil {
			response.Body.Close()
			return nil, err
		}
	}
	// What little there is of the first response is read, so that its connection serves for the second.
	io.CopyN(io.Discard, response.Body, 64<<10)
	response.Body.Close()
	return base.RoundTrip(again)
}

// carrying gives a copy of a request, which a RoundTripper may not change, with a token.
func carrying(token Token, request *http.Request) *http.Request {
	clone := request.Clone(request.Context())
	clone.Header.Set("Authorization", "Bearer "+token.Value)
	return clone
}
