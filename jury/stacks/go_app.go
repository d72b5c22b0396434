// Go's net/http and encoding/json: `go_app PORT`.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

type sightings struct {
	Seen [][3]string `json:"seen"`
}

func (s *sightings) add(place, name, value string) {
	s.Seen = append(s.Seen, [3]string{place, name, value})
}

func (s *sightings) lists(place string, lists map[string][]string) {
	for name, values := range lists {
		for _, value := range values {
			s.add(place, name, value)
		}
	}
}

func (s *sightings) tree(place, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			s.tree(place, name+"/"+key, child)
		}
	case []any:
		for _, child := range value {
			s.tree(place, name+"/", child)
		}
	default:
		s.add(place, name, fmt.Sprint(value))
	}
}

// Fields of structs match keys in any case, and the decoder reads one value and stops.
type order struct {
	Tenant   any `json:"tenant"`
	TenantID any `json:"tenant_id"`
}

func (s *sightings) document(body []byte) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		var value any
		if decoder.Decode(&value) != nil {
			break
		}
		s.tree("json", "", value)
	}
	var bound order
	if json.NewDecoder(bytes.NewReader(body)).Decode(&bound) == nil {
		s.tree("struct", "tenant", bound.Tenant)
		s.tree("struct", "tenant_id", bound.TenantID)
	}
}

func read(w http.ResponseWriter, r *http.Request) {
	s := &sightings{Seen: [][3]string{}}
	s.lists("header", r.Header)
	s.add("path", "", r.URL.Path)
	if rest := strings.TrimPrefix(r.URL.Path, "/v1/tenants/"); rest != r.URL.Path {
		s.add("path parameter", "tenant_id", strings.Split(rest, "/")[0])
	}
	s.lists("query", r.URL.Query())
	for _, cookie := range r.Cookies() {
		s.add("cookie", cookie.Name, cookie.Value)
	}
	body, _ := io.ReadAll(r.Body)
	s.lists("trailer", r.Trailer)
	s.document(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ParseMultipartForm(1 << 20)
	s.lists("form", r.Form)
	s.lists("post form", r.PostForm)
	if r.MultipartForm != nil {
		for name, files := range r.MultipartForm.File {
			for _, file := range files {
				if opened, err := file.Open(); err == nil {
					content, _ := io.ReadAll(opened)
					s.add("file", name, string(content))
				}
			}
		}
	}
	answer, _ := json.Marshal(s)
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer)
}

func main() {
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: http.HandlerFunc(read)}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
