-- What a test adds to the set-up of docs/editors.md, which it runs as it is written there.

-- vim.lsp.start came with Neovim 0.8; Debian 12 has 0.7.
vim.lsp.start = vim.lsp.start or function(config)
  vim.lsp.buf_attach_client(0, vim.lsp.start_client(config))
end

dofile(vim.env.DOCUMENTED)

local function told()
  local lines = {}
  for _, it in ipairs(vim.diagnostic.get(0)) do
    table.insert(lines, { it.lnum, it.col, it.end_col, it.severity, it.source, it.message })
  end
  return lines
end

-- Waits for the diagnostics of the file, types over something, and waits until they are gone.
function Check(report, old, new)
  vim.wait(10000, function() return #told() > 0 end, 10)
  local before = told()
  vim.cmd("%s#" .. old .. "#" .. new .. "#")
  vim.wait(10000, function() return #told() == 0 end, 10)
  vim.fn.writefile({ vim.fn.json_encode({ before, told() }) }, report)
  vim.cmd("qa!")
end

-- Waits for the diagnostics of the file, takes a code action at the first one by its title, and
-- waits until they are gone.
function Act(report, title, only)
  vim.wait(10000, function() return #told() > 0 end, 10)
  local first = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  local offered = {}
  local function is_meant(action)
    table.insert(offered, action.title)
    return action.title == title
  end
  if vim.fn.has("nvim-0.8") == 1 then
    vim.lsp.buf.code_action({ context = { only = only }, filter = is_meant, apply = true })
  else -- there is no filter: the list is shown, and somebody chooses
    vim.ui.select = function(items, _, choose)
      local meant
      for _, item in ipairs(items) do
        meant = is_meant(item[2]) and item or meant
      end
      choose(meant)
    end
    vim.lsp.buf.code_action({ only = only })
  end
  vim.wait(10000, function() return #told() == 0 end, 10)
  local lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
  vim.fn.writefile({ vim.fn.json_encode({ offered, told(), lines }) }, report)
  vim.cmd("qa!")
end
