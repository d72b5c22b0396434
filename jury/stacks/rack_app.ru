# Rack, served by Puma: `puma -b tcp://127.0.0.1:PORT rack_app.ru`.
require "json"
require "rack"

# Everything one request lets an application read.
class Seen
  def initialize
    @items = []
  end

  def add(place, name, value)
    @items << [place, text(name), text(value)]
  end

  def tree(place, value, name = "")
    case value
    when Hash
      return add(place, name, value[:tempfile].read) if value[:tempfile]
      value.each { |key, child| tree(place, child, "#{name}/#{text(key)}") }
    when Array
      value.each { |child| tree(place, child, "#{name}/") }
    else
      add(place, name, value)
    end
  end

  def document(body)
    ([body] + body.split("\n")).uniq.each do |line|
      tree("json", JSON.parse(line))
    rescue JSON::ParserError, EncodingError
      nil
    end
  end

  # Rack raises on what it cannot read; an application sees the places that it can.
  def trying
    yield
  rescue StandardError => error
    add("error", "", error.class.name)
  end

  def answer
    JSON.generate(seen: @items)
  end

  private

  def text(value)
    string = value.is_a?(String) ? value.dup : value.to_json
    string.force_encoding("UTF-8").scrub("?")
  end
end

run(lambda do |env|
  request = Rack::Request.new(env)
  seen = Seen.new
  env.each { |name, value| seen.add("environ", name[5..], value) if name.start_with?("HTTP_") }
  seen.add("path", "", Rack::Utils.unescape_path(request.path))
  if (found = %r{\A/v1/tenants/([^/]+)/}.match(request.path))
    seen.add("path parameter", "tenant_id", Rack::Utils.unescape_path(found[1]))
  end
  seen.trying { seen.tree("query", request.GET) }
  seen.trying { request.cookies.each { |name, value| seen.add("cookie", name, value) } }
  seen.trying do
    seen.document(request.body.read)
    request.body.rewind
  end
  seen.trying { seen.tree("form", request.POST) }
  [200, { "Content-Type" => "application/json" }, [seen.answer]]
end)
